// The database's functions for the operator: accounts, failed jobs, everybody's usage.
#pragma once

#include "shared/database/function.hpp"

namespace fabula::database {

inline constexpr Declaration kListAccounts{"list_accounts", kOnceMore};
inline constexpr Declaration kReadAccount{"read_account", kOnceMore};
inline constexpr Declaration kChangeAccount{"change_account", kNever};
inline constexpr Declaration kListErasures{"list_erasures", kOnceMore};
inline constexpr Declaration kListFailedJobs{"list_failed_jobs", kOnceMore};
inline constexpr Declaration kRetryFailedJob{"retry_failed_job", kNever};
inline constexpr Declaration kReadUsageOfAll{"read_usage_of_all", kOnceMore};

}  // namespace fabula::database

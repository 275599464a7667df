// POST /chat: one turn of a story's conversation.

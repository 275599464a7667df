// A worker without a function: what workerd's own start takes.
export default { fetch: () => Response.json({}) };

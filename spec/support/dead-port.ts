/** A port at which nobody listens (tcpmux): one that was free a moment ago may be given to anybody, and so to the one who asks for it. */
export const DEAD_PORT = 1;

//! Adapters of the reference platform: they load state, ask `platform-core` to decide, store the writes and perform the effects.

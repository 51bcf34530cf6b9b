//! Writing tables for other tools: decoded observations, codes.

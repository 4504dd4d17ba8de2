mod asks;
mod branches;
mod commands;
mod paths;
mod properties;
mod repeats;
mod rig;

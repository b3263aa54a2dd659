-- Run once, when the server's data folder is new.
CREATE DATABASE users;
CREATE DATABASE platform;

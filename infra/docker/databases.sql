-- The server runs this once, when its data folder is new.
CREATE DATABASE users;
CREATE DATABASE platform;

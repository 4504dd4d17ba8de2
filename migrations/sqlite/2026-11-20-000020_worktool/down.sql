DROP TABLE worktool_group_members;
DROP TABLE worktool_groups;
DROP TABLE worktool_contacts;
DROP TABLE worktool_phones;
DROP TABLE worktool_chats;

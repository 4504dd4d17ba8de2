DROP INDEX robots_in_the_cloud;
DROP TABLE worktool_cloud_sends;

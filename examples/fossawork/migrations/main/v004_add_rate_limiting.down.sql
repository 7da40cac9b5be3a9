drop table rate_limit_hits;
drop table rate_limit_rules;

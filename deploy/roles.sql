-- The roles of the service and of pruning, safe to repeat. Run it by psql as one who may make
-- roles, with SERVICE_PASSWORD and PRUNE_PASSWORD in the environment; `curescore db grant` then
-- gives each its rights.

\set ON_ERROR_STOP on
\getenv service_password SERVICE_PASSWORD
\getenv prune_password PRUNE_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', name)
FROM (VALUES ('curescore_service'), ('curescore_prune')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

ALTER ROLE curescore_service LOGIN PASSWORD :'service_password';
ALTER ROLE curescore_prune LOGIN PASSWORD :'prune_password';

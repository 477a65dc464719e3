"""Migrations of the service's database, run by `curescore db upgrade`."""

"""The ground floor: settings, clock, ids, sealed fields, objects, jobs, deadlines, outbox, tenancy. Imports no app."""

"""The parts of the simulated portfolio: people, debts, levels, contacts, payments, laws."""

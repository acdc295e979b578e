"""What is demanded, by whom, how it is to be paid, by when: suggested from what she kept, decided by a person."""

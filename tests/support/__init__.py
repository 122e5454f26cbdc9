"""What tests of several rooms need: no test is here."""

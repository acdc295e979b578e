"""What happened in a case, to hand to the police or a lawyer: pages, proof, letters, what was seen. Never a picture."""

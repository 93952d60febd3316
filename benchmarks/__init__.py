"""What the README's numbers come from: ratios measured side by side in one run, never asserted by a timed test."""

-- Whose a payment is that no attempt holds, a second one under one key: its refund says.

CREATE INDEX refunds_payment ON refunds (row ->> 'payment');

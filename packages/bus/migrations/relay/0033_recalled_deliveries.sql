-- Deliveries whose recall or update the recipient agreed to are few, and are listed by themselves.
CREATE INDEX delivery_recalled ON delivery (issued_day, document, recipient)
  WHERE change_agreed_ms IS NOT NULL;

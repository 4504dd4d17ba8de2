DROP TABLE callback_attempts;
DROP TABLE callback_deliveries;
DROP TABLE callback_bindings;

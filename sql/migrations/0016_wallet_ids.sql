-- Wallets named "." and ".." could be made, and then be read, frozen or closed by no client: in a URL's path they are steps.
-- One that is there stays: transfer() still moves what it holds.

alter domain ledger.wallet_id add constraint wallet_id_no_step check (value not in ('.', '..')) not valid;

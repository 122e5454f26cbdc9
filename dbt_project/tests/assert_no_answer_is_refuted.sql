-- Of two answers that contradict each other a third piece of evidence has decided for the other one: the loser is
-- quarantined, with all that only it has said.
{{ config(meta={"failure": "answer"}) }}

with refuted as (select * from {{ ref("int_answers_refuted") }})

select *
from refuted

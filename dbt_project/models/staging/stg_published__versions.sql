with

    publication as (select * from {{ source("published", "publication") }}),

    versions as (
        select
            max(value) filter (key = 'models') as models,
            replace(max(value) filter (key = 'as_of'), 'Z', '')::timestamp as as_of,
        from publication
    )

select *
from versions

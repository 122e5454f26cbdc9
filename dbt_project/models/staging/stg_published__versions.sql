with

    publication as (select * from {{ source("published", "publication") }}),

    versions as (
        select
            max(value) filter (key = 'models') as models,
            coalesce(split_part(max(value) filter (key = 'exceptions'), ' ', 1)::integer, 0) as decisions,
            replace(max(value) filter (key = 'as_of'), 'Z', '')::timestamp as as_of,
        from publication
    )

select *
from versions

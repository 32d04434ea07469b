import pytest, time, logging
from tests.flow.storm import Storm, contents, plan
from tests.flow.world import World
from tests.flow.conftest import world
from tests.protocol.rows import FINAL
from tests.conftest import *
import collections
from learnflow.runtime import transactions
import db.connection as c
seen = collections.Counter()
old = c.translated
def tr(e):
    o = old(e)
    if o is not e: seen[type(e).__name__]+=1
    return o
import db.unit_of_work as u
u.translated = tr
@pytest.mark.parametrize("seed", range(100, 112))
async def test_x(world, seed):
    seen.clear()
    await world.commit_fast()
    storm = Storm(world, seed)
    if seed % 2:
        h = world.hear
        world.hear = lambda n, s: h(n, s, inbox=False)
    t=time.time()
    await storm.run(plan(storm, students=300, tutors=60))
    t1=time.time()-t
    b = await storm.broken()
    print(seed, len(world.log), round(t1,1), dict(seen), b[:4], world.dead[:3])
    before = await contents(world)
    await storm.replay()
    now = await contents(world)
    for k in now:
        d = set(now[k])^set(before[k])
        if d: print("REPLAY", k, list(d)[:4])
    assert not b and now == before

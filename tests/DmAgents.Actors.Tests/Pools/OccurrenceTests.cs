using DmAgents.Actors.Events;
using DmAgents.Actors.Pools;
using DmAgents.Actors.Tests.Support;
using DmAgents.Domain.Pools;

namespace DmAgents.Actors.Tests.Pools;

/// <summary>What is published of a pool, as people read it.</summary>
public sealed class OccurrenceTests
{
    [Theory]
    [InlineData("", "the pool is open")]
    [InlineData("casefold is not known", "the pool is open: casefold is not known")]
    public void A_phase_is_said_with_its_reason(string reason, string said) => Assert.Equal(
        said,
        Occurrences.Of(new PoolPhaseNotice(TestHost.PoolName, TestHost.PoolUuid, PoolPhase.Open, reason, Ask.At)).Text);
}

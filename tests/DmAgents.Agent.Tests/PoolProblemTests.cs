using System.Collections.Immutable;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Tests;

/// <summary>What an operator should look at in a pool.</summary>
public sealed class PoolProblemTests : IAsyncLifetime
{
    private ServedAgent _agent = null!;

    public async Task InitializeAsync() => _agent = await ServedAgent.Start();

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Theory]
    [InlineData(PoolPhase.WrongPool, false, "the pool is WrongPool", "dmagent pool show test-pool")]
    [InlineData(PoolPhase.Unavailable, false, "the pool is Failed", "dmagent pool show test-pool")]
    [InlineData(PoolPhase.Unavailable, true, "the pool is Failed", "dmagent pool repair-metadata test-pool")]
    public void A_pool_that_cannot_be_opened_is_one_with_its_reason(
        PoolPhase phase, bool isDamaged, string what, string next)
    {
        var found = Assert.Single(PoolProblems.Of(
            _agent.Picture with { Phase = phase, Reason = "it is so", MetadataAreDamaged = isDamaged }));

        Assert.Equal((Gravity.Error, "test-pool", what, "it is so"), (
            found.Gravity, found.Subject, found.What, found.Why));
        Assert.Contains(next, found.Next, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PoolCondition.LowData, false)]
    [InlineData(PoolCondition.LowMetadata, false)]
    [InlineData(PoolCondition.OutOfData, true)]
    [InlineData(PoolCondition.ReadOnly, true)]
    [InlineData(PoolCondition.NeedsCheck, true)]
    [InlineData(PoolCondition.Failed, true)]
    public void A_condition_that_stops_writers_is_an_error_and_a_mark_a_warning(
        PoolCondition condition, bool stopsWriters)
    {
        var health = _agent.Picture.Health! with { Condition = condition };

        var found = Assert.Single(PoolProblems.Conditions(_agent.Picture with { Health = health }));

        Assert.Equal(
            (stopsWriters ? Gravity.Error : Gravity.Warning, $"the pool is {condition}"), (found.Gravity, found.What));
    }

    [Fact]
    public async Task A_device_that_is_not_live_as_it_should_be_is_one_by_its_name()
    {
        await _agent.Do(new PoolCommands.CreateSnapshot(
            new RequestId(Guid.NewGuid()), DeviceKey.Container("web"), Parent: null, Size: null, FileSystem: null,
            DeviceUse.Idle, ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));
        var web = _agent.State.Find(DeviceKey.Container("web"))!.Id;
        var problems = _agent.Picture.Problems.Add(web, "busy").Add(new ThinId(99), "gone");

        var found = PoolProblems.Of(_agent.Picture with { Problems = problems }).ToList();

        Assert.Equal(["web", "thin id 99"], found.Select(f => f.Subject));
        Assert.All(found, f => Assert.Equal(Gravity.Warning, f.Gravity));
    }

    [Fact]
    public void A_pool_that_is_well_has_none()
    {
        Assert.Empty(PoolProblems.Of(_agent.Picture));
        Assert.Empty(PoolProblems.Conditions(_agent.Picture));
    }
}

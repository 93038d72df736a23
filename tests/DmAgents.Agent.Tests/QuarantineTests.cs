using System.Collections.Immutable;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Tests;

/// <summary>What is in quarantine is listed, deleted for good, or brought back.</summary>
public sealed class QuarantineTests : IAsyncLifetime
{
    private static readonly ThinId Unknown = new(77);

    private ServedAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        Assert.True(_agent.Simulated.CreateThin(DeviceNames.Pool(ServedAgent.Pool), Unknown).Succeeded);
        await _agent.Do(new PoolCommands.Repair(NewRequest(), Accept: null, DateTimeOffset.UnixEpoch));
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Fact]
    public async Task One_that_nothing_knows_is_listed_with_what_the_pool_says_of_it()
    {
        var thin = Assert.Single(await Desk.List(_agent.Picture));

        Assert.Equal((ServedAgent.Pool, Unknown), (thin.Pool, thin.Record.Id));
        Assert.Equal("", thin.Parent);
        Assert.NotNull(thin.CreatedIn);
    }

    [Fact]
    public async Task A_snapshot_that_nothing_knows_is_listed_with_its_origin()
    {
        await Snapshot("web");
        var web = _agent.State.Find(DeviceKey.Container("web"))!.Id;
        var pool = DeviceNames.Pool(ServedAgent.Pool);
        Assert.True(_agent.Simulated.CreateSnapshot(pool, new ThinId(78), web).Succeeded);
        await _agent.Do(new PoolCommands.Repair(NewRequest(), Accept: null, DateTimeOffset.UnixEpoch));

        var thins = await Desk.List(_agent.Picture);

        Assert.Equal("web", Assert.Single(thins, thin => thin.Record.Id == new ThinId(78)).Parent);
    }

    [Fact]
    public async Task All_are_purged_if_none_is_named_and_a_retry_purges_nothing_else()
    {
        var request = NewRequest();

        var purged = await Desk.Purge(request, _agent.Picture, ids: null, CancellationToken.None);

        Assert.Equal([Unknown], purged.Purged.AsEnumerable());
        Assert.Empty(_agent.State.Quarantine);
        await Desk.Purge(request, _agent.Picture, [Unknown], CancellationToken.None);
        Assert.Equal(RefusalKind.NotFound, (await Refused(
            () => Desk.Purge(NewRequest(), _agent.Picture, [Unknown], CancellationToken.None))).Kind);
    }

    [Fact]
    public async Task One_comes_back_as_a_layer_of_the_name_that_is_given_and_of_the_size_of_a_base()
    {
        var key = await Desk.Undelete(
            new UndeleteAsked(NewRequest(), _agent.Picture, Unknown, "found"), CancellationToken.None);

        Assert.Equal(DeviceKey.Layer("undeleted:found"), key);
        var layer = _agent.State.Find(key)!;
        Assert.Equal((Unknown, _agent.Settings.BaseSize), (layer.Id, layer.Size));
    }

    [Fact]
    public async Task One_whose_name_nothing_knows_wants_a_name()
    {
        var refused = await Refused(() => Desk.Undelete(
            new UndeleteAsked(NewRequest(), _agent.Picture, Unknown, Name: ""), CancellationToken.None));

        Assert.Equal(RefusalKind.Invalid, refused.Kind);
        Assert.Contains("--name", refused.Next, StringComparison.Ordinal);
    }

    private QuarantinedThins Desk => _agent.Get<QuarantinedThins>();

    private Task Snapshot(string name) => _agent.Do(new PoolCommands.CreateSnapshot(
        NewRequest(), DeviceKey.Container(name), Parent: null, Size: null, FileSystem: null, DeviceUse.Idle,
        ImmutableSortedDictionary<string, string>.Empty, DateTimeOffset.UnixEpoch));

    private static async Task<Refusal> Refused(Func<Task> work) =>
        (await Assert.ThrowsAsync<RefusedException>(work)).Refusal;

    private static RequestId NewRequest() => new(Guid.NewGuid());
}

using DmAgents.Agent.Fleet;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Tests.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Units;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DmAgents.Agent.Tests.Fleet;

/// <summary>Copies to hosts that are unknown or cannot be reached.</summary>
public sealed class FleetCopyTargetTests : IAsyncLifetime
{
    private readonly FleetAgents _fleet = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _fleet.DisposeAsync();

    [Fact]
    public async Task A_copy_to_a_host_that_is_unknown_or_gone_is_refused_by_its_name_and_no_other_is_begun()
    {
        var agents = await _fleet.Form(3);
        await TwoAgents.Tag(
            agents[0], TwoAgents.App, await TwoAgents.AddLayer(agents[0], null, 1, ByteSize.MiB(2)));

        var unknown = await Refused(agents[0], "host2", "host9");
        await agents[2].Stop();
        await FleetAgents.IsMemberOf(agents[0], 2);
        var gone = await Refused(agents[0], "host2", "host3");

        Assert.Equal((StatusCode.NotFound, StatusCode.NotFound), (unknown.StatusCode, gone.StatusCode));
        Assert.Contains("host9", unknown.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("host3", gone.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("dmagent fleet status", TwoAgents.ProblemOf(gone).Next, StringComparison.Ordinal);
        Assert.Empty(agents[1].State.Images);
        foreach (var agent in agents[..2])
            await TwoAgents.NothingIsLeft(agent);
        _fleet.Forget(agents[2]);
    }

    [Fact]
    public async Task A_copy_to_a_host_that_is_a_member_and_cannot_be_reached_is_refused_by_its_name()
    {
        var one = await _fleet.Add();
        await FleetAgents.Make(one, "prod", "host1");
        var deaf = await _fleet.Add(services: with => with.RemoveAll<IFleetPart>());
        await FleetAgents.Join(deaf, one, "host2");
        await FleetAgents.IsMemberOf(one, 2);
        await TwoAgents.Tag(one, TwoAgents.App, await TwoAgents.AddLayer(one, null, 1, ByteSize.MiB(2)));

        var refused = await Refused(one, "host2");

        Assert.Contains("host host2 does not answer", refused.Status.Detail, StringComparison.Ordinal);
        await TwoAgents.NothingIsLeft(one);
    }

    private static async Task<RpcException> Refused(ServedAgent agent, params string[] to) =>
        await Assert.ThrowsAsync<RpcException>(async () =>
        {
            var request = new CopyImageRequest
            {
                RequestId = TwoAgents.NewRequest().ToString(), Image = TwoAgents.App.Value, ToHosts = { to },
            };
            using var call = new Api.Admin.V1.Transfers.TransfersClient(agent.AdminChannel).CopyImage(request);
            using var patience = new CancellationTokenSource(FleetAgents.Patience);
            while (await call.ResponseStream.MoveNext(patience.Token))
            {
            }
        });
}

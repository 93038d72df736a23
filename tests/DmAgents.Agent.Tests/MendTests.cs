using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using Grpc.Core;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.Agent.Tests;

/// <summary>Why a pool cannot be given other metadata, in words and as a kind.</summary>
public sealed class MendTests : IAsyncLifetime
{
    private ServedAgent _agent = null!;
    private string _backup = "";

    public async Task InitializeAsync()
    {
        _agent = await ServedAgent.Start();
        _backup = (await Pools.BackUpAsync(new BackUpRequest())).Backup.Name;
    }

    public async Task DisposeAsync() => await _agent.DisposeAsync();

    [Theory]
    [InlineData(null, Kind.NoSpace)]
    [InlineData("/dev/nope", Kind.NotFound)]
    [InlineData("/dev/sda", Kind.Refused)]
    public async Task Without_a_place_it_is_refused_as_what_it_is(string? into, Kind kind)
    {
        var plan = await Mend(into: into);

        Assert.Equal(kind, plan.ObstacleKind);
        Assert.Contains(into ?? "no spare disk", plan.Obstacle, StringComparison.Ordinal);
        var problem = await Refused(Mend(into: into, execute: true));
        Assert.Equal((kind, plan.Obstacle, plan.ObstacleNext), (problem.Kind, problem.Why, problem.Next));
    }

    [Fact]
    public async Task A_backup_that_is_not_there_is_told_apart_from_anything_else_that_is_not()
    {
        Assert.Contains("no such backup", (await Refused(Mend("20250102T030405Z"))).Why, StringComparison.Ordinal);

        _agent.Kernel.FailNext(nameof(IKernel.AttachLoop), KernelFault.NotFound);
        Assert.DoesNotContain("no such backup", (await Refused(Mend())).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_is_to_be_installed_only_where_it_is_missing()
    {
        _agent.Kernel.FailNext(nameof(IKernel.AttachLoop), KernelFault.NotSupported);
        Assert.DoesNotContain("install", (await Refused(Mend())).Next, StringComparison.Ordinal);

        _agent.Simulated.Uninstall("thin_restore");
        Assert.Contains("thin-provisioning-tools", (await Refused(Mend())).Next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Copies_that_find_no_room_are_refused_as_such()
    {
        _agent.Simulated.HostCapacity = ByteSize.MiB(100);

        Assert.Equal(Kind.NoSpace, (await Refused(Mend())).Kind);
    }

    private Pools.PoolsClient Pools => new(_agent.AdminChannel);

    private async Task<MendPlan> Mend(string? backup = null, string? into = null, bool execute = false)
    {
        var request = new MendMetadataRequest
        {
            RequestId = $"{Guid.NewGuid()}", Pool = "test-pool", Backup = backup ?? _backup, Execute = execute,
        };
        if (into is not null)
            request.Into = into;
        using var call = Pools.MendMetadata(request);
        MendPlan? plan = null;
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
            plan = call.ResponseStream.Current.Plan ?? plan;
        return plan!;
    }

    private static async Task<Problem> Refused(Task call)
    {
        var refused = await Assert.ThrowsAsync<RpcException>(() => call);
        return Problem.Parser.ParseFrom(refused.Trailers.GetValueBytes("dmagents-problem-bin"));
    }
}

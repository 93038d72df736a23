using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Testing.Contracts;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>Copies that hang, of an agent that is to stop or of an operator that cancels them.</summary>
public sealed class CopyStopTests : TwoAgents
{
    internal override string TargetSettings => "stop-deadline = 1s";

    [Fact]
    public async Task A_copy_that_does_not_end_leaves_the_pools_their_time_to_stop()
    {
        await MakeImage(1);
        var gate = Target.Kernel.HoldNext(nameof(IKernel.OpenForReceiving));
        var copying = Copy();
        await gate.Reached.WaitAsync(Patience);

        try
        {
            await Target.Get<ImageCopies>().StoppingAsync(CancellationToken.None).WaitAsync(Patience);
        }
        finally
        {
            gate.Open();
        }

        await Assert.ThrowsAsync<RpcException>(() => copying);
    }

    [Fact]
    public async Task The_host_that_asked_for_an_image_hears_of_a_stop()
    {
        await MakeImage(1);
        var reached = new TaskCompletionSource();
        Link.BeforeBlocks = async () =>
        {
            reached.TrySetResult();
            await new TaskCompletionSource().Task;
        };
        var pushing = Source.Get<ImageOrders>().SendAsync(
            HostTwo, new BringOrder(NewRequest().ToString(), App.Value, HostOne.Value, ""), _ => { },
            CancellationToken.None);
        await reached.Task.WaitAsync(Patience);

        await Target.Get<ImageCopies>().StoppingAsync(CancellationToken.None);

        var refused = await Assert.ThrowsAsync<UseCases.RefusedException>(() => pushing);
        Assert.Contains("stopping", refused.Refusal.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_into_a_pool_that_never_opens_can_be_cancelled()
    {
        await MakeImage(1);
        var (transfer, gone) = (NewRequest(), new PoolName("gone"));
        var paths = new PoolPaths(Target.Settings.StateDirectory, gone);
        Directory.CreateDirectory(paths.TransferDirectory);
        var offer = await Source.Get<ImageOffers>().MakeAsync(App.Value, _ => { }, CancellationToken.None);
        Target.Get<CopyFiles>().Keep(
            paths, new CopyJob(transfer, gone, HostOne, App.Value, DateTimeOffset.UnixEpoch), offer).Must();
        await Target.Stop();
        await NextOfTwo();
        Assert.Single(Target.Get<ImageCopies>().All);

        await new Api.Admin.V1.Transfers.TransfersClient(Target.AdminChannel).CancelAsync(
            new CancelTransferRequest { Id = transfer.ToString() }).ResponseAsync.WaitAsync(Patience);

        Assert.Empty(Target.Get<ImageCopies>().All);
        Assert.Empty(Directory.GetFiles(paths.TransferDirectory));
    }
}

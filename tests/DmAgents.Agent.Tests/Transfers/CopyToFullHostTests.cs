using DmAgents.Api.Admin.V1;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>Another host is to bring an image that it has no room for.</summary>
public sealed class CopyToFullHostTests : TwoAgents
{
    internal override ByteSize TargetSpace => ByteSize.MiB(8);

    [Fact]
    public async Task The_host_that_is_full_is_named_to_the_one_that_asks_and_nothing_is_left()
    {
        await MakeImage(1, ByteSize.MiB(14));
        using var call = new Api.Admin.V1.Transfers.TransfersClient(Source.AdminChannel).CopyImage(
            new CopyImageRequest { RequestId = NewRequest().ToString(), Image = App.Value, ToHosts = { "two" } });

        var refused = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None).WaitAsync(Patience))
            {
            }
        });

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("host two: ", refused.Status.Detail, StringComparison.Ordinal);
        Assert.StartsWith("on that host: ", ProblemOf(refused).Next, StringComparison.Ordinal);
        Assert.Empty(Target.State.Images);
        await NothingIsLeft(Target);
        await NothingIsLeft(Source);
    }
}

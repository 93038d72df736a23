using DmAgents.Agent.Transfers;
using DmAgents.Domain.Images;
using DmAgents.Domain.Units;
using Grpc.Core;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>Several copies into one pool that holds any of them, and not all.</summary>
public sealed class CopiesIntoSmallPoolTests : TwoAgents
{
    internal override ByteSize TargetSpace => ByteSize.MiB(24);

    [Fact]
    public async Task A_copy_is_refused_what_another_one_is_about_to_fill()
    {
        await MakeImage(1, ByteSize.MiB(14));
        await Tag(Source, new ImageReference("other:1"), await AddLayer(Source, null, 9, ByteSize.MiB(14)));
        var reached = new TaskCompletionSource();
        Link.BeforeBlocks = async () =>
        {
            reached.TrySetResult();
            await new TaskCompletionSource().Task;
        };
        var copies = Target.Get<ImageCopies>();
        var first = copies.Start(NewRequest(), Target.Picture, HostOne, App.Value);
        await reached.Task.WaitAsync(Patience);

        var refused = await Refused("other:1");

        Assert.Equal(StatusCode.ResourceExhausted, refused.StatusCode);
        Assert.Contains("other copies need", refused.Status.Detail, StringComparison.Ordinal);
        first.Cancel();
        await Eventually(() => !copies.All.Any(), "the copies have ended");
        await NothingIsLeft(Target);
    }
}

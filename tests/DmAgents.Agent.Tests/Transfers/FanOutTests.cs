using System.Collections.Immutable;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Images;
using DmAgents.Domain.Units;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>One image on several hosts: those that receive it serve each other.</summary>
public sealed class FanOutTests : TwoAgents
{
    private new static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly HostName HostThree = new("three");
    private static readonly HostName HostFour = new("four");

    internal override ImmutableArray<HostName> OtherHosts => [HostThree, HostFour];

    private ServedAgent Three => Others[HostThree];

    private ServedAgent Four => Others[HostFour];

    [Fact]
    public async Task An_image_on_three_hosts_at_once_costs_its_first_host_little_more_than_one_copy()
    {
        var (image, more) = (ByteSize.MiB(40), ByteSize.MiB(12));
        await MakeImage(1, image);
        List<RunningCopy> copies = [];
        // As slow as the receivers are, whatever the machine does: what left the first host reaches all three before
        // more leaves it. If much left it in vain, it would wait without end.
        Link.GoesOn = (host, _) => host != HostOne || (ulong)Link.BytesFrom(HostOne) < more.Bytes
            + copies.Aggregate(0UL, (sum, copy) => sum + copy.Progress.Received.Bytes / 3);
        Volatile.Write(ref copies, [Begin(Target), Begin(Three), Begin(Four)]);

        await Task.WhenAll(copies.Select(copy => copy.Done)).WaitAsync(Patience);

        Assert.InRange(Link.BytesFrom(HostOne), (long)image.Bytes, (long)(image.Bytes * 1.3));
        foreach (var agent in new[] { Target, Three, Four })
        {
            Assert.Equal(ContentOf(Source, 0), ContentOf(agent, 0));
            await NothingIsLeft(agent);
        }
        await NothingIsLeft(Source);
    }

    [Fact]
    public async Task A_host_that_gives_an_image_up_while_it_serves_it_is_replaced()
    {
        await MakeImage(1, ByteSize.MiB(32));
        var (part, waits) = ((long)ByteSize.MiB(8).Bytes, true);
        Link.GoesOn = (host, read) => host != HostOne || read < part || !Volatile.Read(ref waits);
        var givenUp = Begin(Target);
        await Eventually(() => givenUp.Progress.Received > ByteSize.MiB(4), "the second host has a part");
        var copy = Begin(Three);
        await Eventually(() => Link.BytesFrom(HostTwo) > 0, "the third host has some of it");

        givenUp.Cancel();
        Volatile.Write(ref waits, false);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => givenUp.Done.WaitAsync(Patience));
        await copy.Done.WaitAsync(Patience);
        Assert.Equal(ContentOf(Source, 0), ContentOf(Three, 0));
        await NothingIsLeft(Target);
        await NothingIsLeft(Three);
    }

    [Fact]
    public async Task A_damaged_copy_is_found_by_its_digest_and_another_host_is_taken()
    {
        var layers = await MakeImage(1, ByteSize.MiB(8));
        await Begin(Target).Done.WaitAsync(Patience);
        for (var at = 4UL; at < 12; at++)
            Damage(Source, layers[0], at);
        var before = Link.BytesFrom(HostTwo);

        await Begin(Three).Done.WaitAsync(Patience);

        Assert.Equal(ContentOf(Target, 0), ContentOf(Three, 0));
        Assert.True(Link.BytesFrom(HostTwo) - before > (long)ByteSize.MiB(8).Bytes);
        await NothingIsLeft(Three);
    }

    [Fact]
    public async Task A_host_that_sends_no_more_is_replaced()
    {
        await MakeImage(1, ByteSize.MiB(16));
        await Begin(Target).Done.WaitAsync(Patience);
        var fromOne = Link.BytesFrom(HostOne);
        Link.GoesOn = (host, read) => host != HostOne || read < (long)ByteSize.MiB(2).Bytes;
        Three.Get<CopySources>().SlowAfter = TimeSpan.FromSeconds(10);

        await Begin(Three).Done.WaitAsync(Patience);

        Assert.Equal(ContentOf(Source, 0), ContentOf(Three, 0));
        Assert.InRange(Link.BytesFrom(HostOne) - fromOne, 1, (long)ByteSize.MiB(3).Bytes);
        await NothingIsLeft(Three);
    }

    private static RunningCopy Begin(ServedAgent on) =>
        on.Get<ImageCopies>().Start(NewRequest(), on.Picture, HostOne, App.Value);
}

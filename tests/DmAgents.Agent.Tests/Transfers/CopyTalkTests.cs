using System.Buffers.Binary;
using System.IO.Pipelines;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>What another host says, or does not say.</summary>
public sealed class CopyTalkTests : TwoAgents
{
    [Fact]
    public async Task A_host_that_asks_nothing_is_given_up()
    {
        var clock = new ManualClock();
        var serving = TalksWith(clock).ServeAsync(new Pipe().Reader.AsStream(), CancellationToken.None);

        clock.Advance(TimeSpan.FromSeconds(31));

        await Assert.ThrowsAsync<IOException>(() => serving.WaitAsync(Patience));
    }

    [Fact]
    public async Task A_question_that_is_too_long_is_refused_by_its_length_alone()
    {
        var pipe = new Pipe();
        var header = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(header, OfferWire.MaxQuestion + 1);
        await pipe.Writer.WriteAsync(header);

        await Assert.ThrowsAsync<IOException>(() => TalksWith(new ManualClock()).ServeAsync(
            pipe.Reader.AsStream(), CancellationToken.None).WaitAsync(Patience));
    }

    [Fact]
    public async Task An_offer_that_no_pool_can_have_made_is_a_refusal()
    {
        await MakeImage(2);
        var offer = await Source.Get<ImageOffers>().MakeAsync(App.Value, _ => { }, CancellationToken.None);
        Assert.Null(offer.Fault());

        Assert.NotNull((offer with { Layers = [null!, .. offer.Layers] }).Fault());
        Assert.NotNull((offer with
        {
            Layers = [.. offer.Layers.Select(layer => layer with { Changed = ulong.MaxValue })],
        }).Fault());
        Assert.DoesNotContain('\u001b', (offer with { Reference = "\u001b[2J" }).Fault()!);
    }

    [Fact]
    public async Task A_refusal_of_another_host_comes_in_short_and_plain_text()
    {
        using var stream = new MemoryStream();
        var text = "\u001b[2J\u202e" + new string('x', 100_000);
        await OfferWire.WriteAsync(
            stream, new OfferMessage { Refusal = new Refusal(RefusalKind.Busy, text, text, text, text) },
            CancellationToken.None);
        stream.Position = 0;

        var read = (await OfferWire.ReadAsync(stream, CancellationToken.None))!.Refusal!;

        Assert.Equal(RefusalKind.Busy, read.Kind);
        Assert.All([read.What, read.Subject, read.Why, read.Next], each =>
        {
            Assert.StartsWith("?[2J?xxx", each, StringComparison.Ordinal);
            Assert.InRange(each.Length, 1000, 1100);
        });
    }

    private ImageTalks TalksWith(TimeProvider clock) =>
        new(Target.Get<ImageOffers>(), Target.Get<ImageCopies>(), Target.Gateway, clock);
}

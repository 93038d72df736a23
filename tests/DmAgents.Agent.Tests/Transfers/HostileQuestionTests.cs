using DmAgents.Agent.Transfers;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>Questions and orders of a host that says something else than it should.</summary>
public sealed class HostileQuestionTests : TwoAgents
{
    private static readonly string _chain = ChainOf(0).Value;

    private static readonly string[] _questions =
    [
        """{"image":"app:1"}""",
        """{"image":"app:9"}""",
        """{"bring":{"request":"00000000-0000-0000-0000-000000000001","image":"app:9","from":"three","pool":""}}""",
        """{"bring":{"request":"1","image":"","from":"No Host","pool":"no pool"}}""",
        $$"""{"chains":["{{_chain}}","x"]}""",
        $$"""{"contents":["blake3:{{new string('a', 64)}}",""]}""",
        $$"""{"layer":"{{_chain}}"}""",
        """{"layer":"sha256:00"}""",
        """{"offer":{"reference":"a:1","config_digest":"","config":"","layers":[]}}""",
    ];

    [Fact]
    public async Task Whatever_a_host_asks_it_is_answered_or_left_and_nothing_is_begun()
    {
        await MakeImage(1);
        for (var seed = 0; seed < 400; seed++)
        {
            var asked = HostileTalk.Of(_questions, new Random(seed));
            foreach (var serve in new Func<Stream, CancellationToken, Task>[]
            {
                Source.Get<ImageTalks>().ServeAsync, Source.Get<LayerOffers>().ServeAsync,
            })
            {
                var thrown = await Record.ExceptionAsync(
                    () => serve(new HostileTalk.Connection(asked), CancellationToken.None).WaitAsync(Patience));
                Assert.True(thrown is null or IOException, $"seed {seed}: {thrown}");
            }
        }

        Assert.Empty(Source.Get<ImageCopies>().All);
        await NothingIsLeft(Source);
    }

    [Fact]
    public async Task A_layer_and_an_image_that_are_not_there_are_refused_by_name()
    {
        await MakeImage(1);
        foreach (var (question, serve) in new (OfferMessage, Func<Stream, CancellationToken, Task>)[]
        {
            (new OfferMessage { Layer = ChainOf(9).Value }, Source.Get<LayerOffers>().ServeAsync),
            (new OfferMessage { Image = "app:9" }, Source.Get<ImageTalks>().ServeAsync),
        })
        {
            var pipe = new System.IO.Pipelines.Pipe();
            var (asked, answered) = (new MemoryStream(), pipe.Writer.AsStream());
            await OfferWire.WriteAsync(asked, question, CancellationToken.None);
            await serve(new OneWay(asked.ToArray(), answered), CancellationToken.None).WaitAsync(Patience);
            await pipe.Writer.CompleteAsync();

            var refusal = (await OfferWire.ReadAsync(pipe.Reader.AsStream(), CancellationToken.None))!.Refusal!;

            Assert.Equal(RefusalKind.NotFound, refusal.Kind);
            Assert.Equal(question.Layer ?? question.Image, refusal.Subject);
            Assert.NotEmpty(refusal.Next);
        }
    }

    private sealed class OneWay(byte[] said, Stream told) : MemoryStream(said, writable: false)
    {
        public override bool CanWrite => true;

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            told.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => told.FlushAsync(cancellationToken);
    }
}

using System.Threading.Channels;
using DmAgents.Agent.Services;
using DmAgents.Agent.Tests.Support;
using DmAgents.Api.Admin.V1;
using Google.Protobuf;
using Grpc.Core;

namespace DmAgents.Agent.Tests;

/// <summary>How long a sender may be silent.</summary>
public sealed class PatientReaderTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Nearly = Patience - TimeSpan.FromSeconds(1);

    private readonly ManualClock _clock = new();
    private readonly Sender _sender = new();
    private readonly PatientReader _reader;

    public PatientReaderTests() => _reader = new PatientReader(_sender, Patience, _clock);

    [Fact]
    public async Task A_slow_sender_may_take_as_long_as_it_likes()
    {
        for (var part = 0; part < 100; part++)
        {
            var next = Next();
            _clock.Advance(Nearly);
            Assert.False(next.IsCompleted);
            _sender.Send(Bytes(1));
            Assert.True(await next);
        }
        var end = Next();
        _sender.End();
        Assert.False(await end);
    }

    [Fact]
    public async Task One_that_sends_no_byte_is_refused_with_what_came_and_what_to_do()
    {
        _reader.Origin = "image.tar";
        _sender.Send(Bytes(3 << 20));
        Assert.True(await Next());
        var next = Next();
        _clock.Advance(Nearly);
        Assert.False(next.IsCompleted);

        _clock.Advance(TimeSpan.FromSeconds(1));

        var refused = await Assert.ThrowsAsync<RpcException>(() => next.WaitAsync(Soon));
        var problem = Problem.Parser.ParseFrom(refused.Trailers.GetValueBytes("dmagents-problem-bin"));
        Assert.Equal("cannot import image", problem.What);
        Assert.Equal("image.tar", problem.Object);
        Assert.Equal("no byte has come for 10m, after 3 MiB of it", problem.Why);
        Assert.Contains("image.sender-timeout", problem.Next, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_without_a_byte_are_no_progress()
    {
        var start = Next();
        _clock.Advance(TimeSpan.FromMinutes(6));
        _sender.Send(new ImportStreamRequest { Start = new ImportStreamStart() });
        Assert.True(await start);
        var next = Next();
        _clock.Advance(TimeSpan.FromMinutes(3));
        _sender.Send(Bytes(0));
        Assert.True(await next);

        next = Next();
        _clock.Advance(TimeSpan.FromMinutes(1));

        await Assert.ThrowsAsync<RpcException>(() => next.WaitAsync(Soon));
    }

    [Fact]
    public async Task What_the_agent_takes_itself_does_not_count()
    {
        _sender.Send(Bytes(1));
        Assert.True(await Next());
        _clock.Advance(Patience * 3);

        var next = Next();
        _clock.Advance(Nearly);
        _sender.Send(Bytes(1));

        Assert.True(await next);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_no_silence()
    {
        using var cancel = new CancellationTokenSource();
        var next = _reader.MoveNext(cancel.Token);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
    }

    private Task<bool> Next() => _reader.MoveNext(CancellationToken.None);

    private static ImportStreamRequest Bytes(int count) => new() { Data = ByteString.CopyFrom(new byte[count]) };

    private sealed class Sender : IAsyncStreamReader<ImportStreamRequest>
    {
        private readonly Channel<ImportStreamRequest> _messages = Channel.CreateUnbounded<ImportStreamRequest>();

        public ImportStreamRequest Current { get; private set; } = new();

        public void Send(ImportStreamRequest message) => Assert.True(_messages.Writer.TryWrite(message));

        public void End() => _messages.Writer.Complete();

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            if (!await _messages.Reader.WaitToReadAsync(cancellationToken))
                return false;
            Assert.True(_messages.Reader.TryRead(out var message));
            Current = message;
            return true;
        }
    }
}

using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using DmAgents.Agent.Tests.Support;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet;

namespace DmAgents.Agent.Tests.Transfers;

/// <summary>Messages of another host as they should not be, and a connection that carries them and then ends.</summary>
internal static class HostileTalk
{
    private static readonly string[] _instead =
    [
        "null", "[null]", "[]", "{}", "\"\"", "-1", "18446744073709551616",
        "1e99", "\"\\u001b[2J\"", "]", "}", "{\"a\":",
    ];

    /// <summary>A few of the messages, each with a value or a part that is something else, and now and then with a
    /// length that is not its own.</summary>
    public static byte[] Of(IReadOnlyList<string> messages, Random random)
    {
        var bytes = new MemoryStream();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var json = Encoding.UTF8.GetBytes(Changed(messages[random.Next(messages.Count)], random));
            var header = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(header, random.Next(8) == 0 ? random.Next() : json.Length);
            bytes.Write(header);
            bytes.Write(json);
        }
        return bytes.ToArray();
    }

    private static string Changed(string json, Random random)
    {
        var text = json;
        for (var count = random.Next(3); count > 0; count--)
        {
            var (from, to) = (random.Next(text.Length), random.Next(text.Length));
            var begin = text.LastIndexOf(':', from) + 1;
            var end = text.IndexOfAny([',', '}', ']'], begin);
            text = random.Next(4) == 0 || end < begin
                ? text[..from] + text[Math.Max(from, to)..]
                : text[..begin] + _instead[random.Next(_instead.Length)] + text[end..];
            if (text.Length == 0)
                return "{";
        }
        return text;
    }

    /// <summary>Reads what the other side said, a few bytes at a time, and accepts each write.</summary>
    internal sealed class Connection(byte[] said) : Stream
    {
        private int _read;

        public override bool CanRead => true;

        public override bool CanWrite => true;

        public override bool CanSeek => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            var part = said.AsSpan(_read, Math.Min(Math.Min(buffer.Length, 100), said.Length - _read));
            part.CopyTo(buffer);
            _read += part.Length;
            return part.Length;
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(Read(buffer.Span));

        public override void Write(byte[] buffer, int offset, int count)
        {
        }

        public override ValueTask WriteAsync(
            ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    /// <summary>One other host, which says what the test says.</summary>
    internal sealed class Peers : ILayerPeers
    {
        public byte[] Says { get; set; } = [];

        public LayerPeer Self => new(LoopbackFleet.Id, TwoAgents.HostTwo);

        public IEnumerable<HostName> Reached => [TwoAgents.HostOne];

        public bool Knows(HostName host) => host == TwoAgents.HostOne;

        public Task<Stream> ConnectAsync(
            HostName host, SslApplicationProtocol protocol, CancellationToken cancellation) =>
            Task.FromResult<Stream>(new Connection(Says));
    }
}

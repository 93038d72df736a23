using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Shell;
using DmAgents.Cli.Tests.Support;
using Grpc.Core;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.Cli.Tests;

/// <summary><c>docker save x | dmagent image import -</c></summary>
public class ImportOfInputTests
{
    [Fact]
    public async Task Standard_input_is_sent_to_its_last_byte_with_all_that_was_said()
    {
        var content = new byte[3 * 256 * 1024 + 17];
        new Random(1).NextBytes(content);
        await using var agent = await ImportingAsync();

        var run = await Run.Of(
            agent, Given(() => new MemoryStream(content), size: (ulong)content.Length),
            "image", "import", "-", "-t", "debian:12", "--format", "docker");

        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal(content, agent.Received);
        Assert.Equal(
            new ImportStreamStart
            {
                SizeBytes = (ulong)content.Length,
                Request = new ImportImageRequest
                {
                    RequestId = Run.RequestId, Path = "standard input", Pool = "fast", Reference = "debian:12",
                    Format = ArchiveFormat.Docker,
                },
            },
            agent.Request<ImportStreamStart>());
        Assert.StartsWith("receiving: 33% of 768", run.Lines[0], StringComparison.Ordinal);
        Assert.StartsWith("debian:12 is", run.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_few_bytes_are_sent_before_more_of_them_come()
    {
        await using var agent = await ImportingAsync();

        var run = await Run.Of(
            agent, Given(() => new Slow([1, 2, 3, 4], () => agent.Received.Length)), "image", "import", "-");

        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal([1, 2, 3, 4], agent.Received);
    }

    [Fact]
    public async Task A_file_called_dash_is_named_with_its_directory()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast"))
            .On<ImportImageRequest>(_ => new ImportImageReply { Image = Samples.Image() });

        await Run.Of(agent, "image", "import", "./-");

        Assert.Equal("/somewhere/-", agent.Request<ImportImageRequest>().Path);
    }

    [Fact]
    public async Task A_terminal_is_no_archive()
    {
        await using var agent = await ImportingAsync();

        var run = await Run.Of(agent, Given(() => Stream.Null, isTerminal: true), "image", "import", "-");

        Assert.Equal(2, run.Code);
        Assert.Contains("standard input: it is a terminal", run.Error, StringComparison.Ordinal);
        Assert.Empty(agent.Requests);
    }

    [Fact]
    public async Task A_refusal_ends_the_sending_and_its_kind_is_the_exit_code()
    {
        await using var agent = (await FakeAgent.WithPoolsAsync("fast")).Refuses<ImportStreamStart>(
            StatusCode.ResourceExhausted, new Problem
            {
                Kind = Kind.NoSpace, What = "cannot import image", Object = "standard input", Why = "no room",
                Next = "make room",
            });
        agent.RefusesAtOnce = true;

        var run = await Run.Of(agent, Given(() => new Endless()), "image", "import", "-");

        Assert.Equal(5, run.Code);
        Assert.Contains("no room", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Input_that_cannot_be_read_ends_the_import()
    {
        await using var agent = await ImportingAsync();

        var run = await Run.Of(agent, Given(() => new Broken()), "image", "import", "-");

        Assert.Equal(1, run.Code);
        Assert.Contains("it cannot be read: the disk is gone", run.Error, StringComparison.Ordinal);
        Assert.Empty(agent.Requests.OfType<ImportStreamStart>());
    }

    private static CliEnvironment Given(Func<Stream> open, bool isTerminal = false, ulong size = 0) =>
        Run.Plain() with { Input = new StandardInput(open, isTerminal, size) };

    private static async Task<FakeAgent> ImportingAsync() => (await FakeAgent.WithPoolsAsync("fast"))
        .On<ImportStreamStart>(_ => new ImportImageReply { Image = Samples.Image() });

    /// <summary>Zeros for as long as they are read.</summary>
    private sealed class Endless : MemoryStream
    {
        public override ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);
    }

    /// <summary>Gives its next byte once the one before has arrived.</summary>
    private sealed class Slow(byte[] content, Func<int> arrived) : MemoryStream
    {
        private int _given;

        public override async ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            for (; arrived() < _given; await Task.Delay(10, CancellationToken.None))
            {
                if (patience.IsCancellationRequested)
                    throw new IOException($"byte {_given} has not arrived");
            }
            if (_given == content.Length)
                return 0;
            buffer.Span[0] = content[_given++];
            return 1;
        }
    }

    private sealed class Broken : MemoryStream
    {
        public override ValueTask<int> ReadAsync(
            Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new IOException("the disk is gone");
    }
}

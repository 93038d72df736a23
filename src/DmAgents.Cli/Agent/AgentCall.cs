using System.CommandLine;
using System.Runtime.CompilerServices;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;
using Grpc.Core;
using Grpc.Net.Client;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.Cli.Agent;

/// <summary>One command's calls to the agent: clients, deadline, request id.</summary>
internal sealed class AgentCall : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _longestSilence = TimeSpan.FromMinutes(5);

    private readonly CliShell _shell;
    private readonly TimeSpan? _timeout;
    private readonly DateTime _started;
    private readonly CancellationToken _interrupted;
    private readonly CancellationTokenSource _silence;
    private GrpcChannel? _channel;

    public AgentCall(CliShell shell, ParseResult parsed, IOutput output, CancellationToken interrupted)
    {
        _shell = shell;
        _timeout = parsed.GetValue(shell.Global.Timeout);
        _started = shell.Environment.Clock.GetUtcNow().UtcDateTime;
        _interrupted = interrupted;
        _silence = new CancellationTokenSource(Timeout.InfiniteTimeSpan, shell.Environment.Clock);
        Parsed = parsed;
        Output = output;
        Socket = shell.Global.SocketOf(parsed);
        What = CliShell.PathOf(parsed.CommandResult);
    }

    public ParseResult Parsed { get; }

    public IOutput Output { get; }

    public string Socket { get; }

    /// <summary>The command's words, for messages.</summary>
    public string What { get; }

    /// <summary>The object that the command is about, for messages.</summary>
    public string Subject { get; private set; } = "";

    public string? RequestIdInUse { get; private set; }

    /// <summary>True if the agent has sent any answer.</summary>
    public bool Answered { get; private set; }

    public bool FellSilent => _silence.IsCancellationRequested;

    public bool Interrupted => _interrupted.IsCancellationRequested;

    public DateTimeOffset Now => _shell.Environment.Clock.GetUtcNow();

    public Api.Admin.V1.Hosts.HostsClient Hosts => new(Channel);

    public Api.Admin.V1.Pools.PoolsClient Pools => new(Channel);

    public Api.Admin.V1.Images.ImagesClient Images => new(Channel);

    public Api.Admin.V1.Layers.LayersClient Layers => new(Channel);

    public Api.Admin.V1.Containers.ContainersClient Containers => new(Channel);

    public Api.Admin.V1.Events.EventsClient Events => new(Channel);

    public Api.Admin.V1.Fleets.FleetsClient Fleets => new(Channel);

    public Api.Admin.V1.Transfers.TransfersClient Transfers => new(Channel);

    public Api.Admin.V1.Spread.SpreadClient Spread => new(Channel);

    public Api.Admin.V1.Registries.RegistriesClient Registries => new(Channel);

    public Api.Admin.V1.Inventory.InventoryClient Inventory => new(Channel);

    /// <summary>Options for calls with one answer: all of a command's calls share one deadline.</summary>
    public CallOptions Unary => new(deadline: _started + (_timeout ?? _patience), cancellationToken: _interrupted);

    private GrpcChannel Channel => _channel ??= Open();

    public AgentCall About(string subject)
    {
        Subject = subject;
        return this;
    }

    public string RequestId()
    {
        RequestIdInUse ??= Parsed.GetValue(CommonSymbols.RequestId) is { Length: > 0 } given
            ? given
            : _shell.Environment.NewRequestId();
        return RequestIdInUse;
    }

    /// <summary>The absolute path, because the agent runs in another directory.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, _shell.Environment.WorkingDirectory);

    /// <summary>The named pool, or the only one.</summary>
    public async Task<string> PoolAsync(string? named) =>
        await PoolIfAnyAsync(named).ConfigureAwait(false) is { Length: > 0 } pool
            ? pool
            : throw Problem(Kind.NotFound, "there is no pool", "make one: dmagent pool create --help");

    /// <summary>As above; empty if there is no pool.</summary>
    public async Task<string> PoolIfAnyAsync(string? named)
    {
        if (!string.IsNullOrEmpty(named))
            return named;
        var reply = await Pools.ListAsync(new ListPoolsRequest(), Unary).ConfigureAwait(false);
        Answered = true;
        if (reply.Pools.Count == 1)
            return reply.Pools[0].Name;
        if (reply.Pools.Count == 0)
            return "";
        var names = string.Join(", ", reply.Pools.Select(pool => pool.Name));
        throw Problem(Kind.Usage, $"there are several pools: {names}", "name one of them");
    }

    /// <summary>
    /// Reads a stream to its end. Without --timeout the limit applies to the silence between two messages, because the
    /// total time of an import depends on its size.
    /// </summary>
    public async IAsyncEnumerable<T> StreamAsync<T>(
        Func<CallOptions, AsyncServerStreamingCall<T>> start,
        bool endless = false,
        [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_silence.Token, _interrupted, cancellation);
        using var call = start(new CallOptions(deadline: _started + _timeout, cancellationToken: either.Token));
        var limit = endless ? Timeout.InfiniteTimeSpan : _longestSilence;
        _silence.CancelAfter(limit);
        while (await call.ResponseStream.MoveNext(either.Token).ConfigureAwait(false))
        {
            Answered = true;
            yield return call.ResponseStream.Current;
            _silence.CancelAfter(limit);
        }
    }

    /// <summary>
    /// Sends the caller's input after a first message while answers arrive. The silence limit applies only while the
    /// agent has work to do: the input may be slow.
    /// </summary>
    public IAsyncEnumerable<TReply> ExchangeAsync<TRequest, TReply>(
        Func<CallOptions, AsyncDuplexStreamingCall<TRequest, TReply>> start, TRequest first,
        Func<ReadOnlyMemory<byte>, TRequest> part) =>
        new InputExchange<TRequest, TReply>(this, _shell.Environment.Input, start, first, part).RunAsync(
            new CallOptions(deadline: _started + _timeout), _interrupted);

    /// <summary>Starts or stops the wait for the agent's next message; the token is cancelled if none
    /// arrives.</summary>
    public CancellationToken AwaitWord(bool expected)
    {
        _silence.CancelAfter(expected ? _longestSilence : Timeout.InfiniteTimeSpan);
        return _silence.Token;
    }

    /// <summary>The agent has sent an answer.</summary>
    public void Heard() => Answered = true;

    public ProblemException Problem(Kind kind, string why, string next) =>
        new(new Problem { Kind = kind, What = What, Object = Subject, Why = why, Next = next });

    /// <summary>For a stream that ended without an error but without its last message.</summary>
    public ProblemException WithoutResult() => Problem(
        Kind.Failed,
        "the agent ended its answer before the result",
        $"run the same command with --request-id {RequestId()} to learn the outcome");

    public void Dispose()
    {
        _channel?.Dispose();
        _silence.Dispose();
    }

    private GrpcChannel Open() => Socket.Length <= AgentSocket.LongestPath
        ? _shell.Environment.Connect(Socket)
        : throw new ProblemException(new Problem
        {
            Kind = Kind.Usage,
            What = "agent unreachable",
            Object = Socket,
            Why = $"the path of a socket has at most {AgentSocket.LongestPath} bytes",
            Next = "name a shorter path, for example by a symbolic link",
        });
}

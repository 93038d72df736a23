using System.Runtime.CompilerServices;
using System.Security.Authentication;
using DmAgents.Agent.Transfers;
using DmAgents.Domain.Fleet;
using DmAgents.Transfer.Wire;

namespace DmAgents.Agent.Fleet.Talks;

/// <summary>Asks hosts of the fleet about themselves; <see cref="HostTalks"/> answers there.</summary>
internal sealed class HostAsker(ILayerPeers peers, HostTalks own, TimeProvider time)
{
    /// <summary>Maximum size of an answer, in bytes.</summary>
    private const int MaxAnswer = 4 * 1024 * 1024;

    /// <summary>How long a host may be silent: three times its heartbeat interval.</summary>
    internal TimeSpan SilentFor { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The answers of a host, which may be this one. They end with the connection.</summary>
    /// <exception cref="IOException">The host does not answer, or stops answering.</exception>
    public IAsyncEnumerable<HostAnswer> AskAsync(
        HostName host, HostQuestion question, CancellationToken cancellation) => host == peers.Self?.Host
            ? own.AnswerAsync(question, cancellation)
            : AskOtherAsync(host, question, cancellation);

    private async IAsyncEnumerable<HostAnswer> AskOtherAsync(
        HostName host, HostQuestion question, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var stream = await TryAsync(end => peers.ConnectAsync(host, LayerProtocols.Hosts, end), cancellation)
            .ConfigureAwait(false);
        await using var closing = stream.ConfigureAwait(false);
        await TryAsync(
            async end =>
            {
                await JsonFrames.WriteAsync(stream, question, HostTalkJson.Default.HostQuestion, end)
                    .ConfigureAwait(false);
                return stream;
            },
            cancellation).ConfigureAwait(false);
        while (await TryAsync(
            end => JsonFrames.ReadAsync(stream, HostTalkJson.Default.HostAnswer, MaxAnswer, end), cancellation)
            .ConfigureAwait(false) is { } answer)
            yield return answer;
        throw new IOException("it closed the connection");
    }

    private async Task<T> TryAsync<T>(Func<CancellationToken, Task<T>> step, CancellationToken cancellation)
    {
        try
        {
            return await JsonFrames.WithinAsync(SilentFor, time, "nothing came", step, cancellation)
                .ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is AuthenticationException or WireException)
        {
            throw new IOException(fault.Message, fault);
        }
    }
}

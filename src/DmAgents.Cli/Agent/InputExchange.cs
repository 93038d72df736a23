using System.Runtime.CompilerServices;
using DmAgents.Cli.Shell;
using Grpc.Core;
using Kind = DmAgents.Api.Admin.V1.Problem.Types.Kind;

namespace DmAgents.Cli.Agent;

/// <summary>
/// One call that sends standard input in parts while its answers are read. It reads a part only after the previous one
/// is sent, so memory stays small however fast the input is. It sends whatever has arrived at once, not only full
/// parts: the agent refuses a caller that is silent for too long, not a slow one.
/// </summary>
internal sealed class InputExchange<TRequest, TReply>(
    AgentCall call, StandardInput input, Func<CallOptions, AsyncDuplexStreamingCall<TRequest, TReply>> start,
    TRequest first, Func<ReadOnlyMemory<byte>, TRequest> part)
{
    private const int PartSize = 256 * 1024;

    private volatile bool _inputIsAwaited;
    private IOException? _unreadable;

    public async IAsyncEnumerable<TReply> RunAsync(
        CallOptions options, [EnumeratorCancellation] CancellationToken interrupted)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(call.AwaitWord(true), interrupted);
        using var exchange = start(options.WithCancellationToken(either.Token));
        // Never awaited: a read of standard input cannot be cancelled. It ends with the process.
        _ = Task.Run(() => SendAsync(exchange.RequestStream, either), CancellationToken.None);
        while (await NextAsync(exchange.ResponseStream, either.Token).ConfigureAwait(false))
        {
            call.Heard();
            yield return exchange.ResponseStream.Current;
            call.AwaitWord(!_inputIsAwaited);
        }
    }

    private async Task<bool> NextAsync(IAsyncStreamReader<TReply> replies, CancellationToken cancellation)
    {
        try
        {
            return await replies.MoveNext(cancellation).ConfigureAwait(false);
        }
        catch (RpcException) when (_unreadable is not null)
        {
            throw call.Problem(
                Kind.Failed, $"it cannot be read: {_unreadable.Message}",
                "check the file or command that it comes from");
        }
    }

    private async Task SendAsync(IClientStreamWriter<TRequest> requests, CancellationTokenSource end)
    {
        try
        {
            await requests.WriteAsync(first).ConfigureAwait(false);
            await using var content = input.Open();
            var buffer = new byte[PartSize];
            for (int count; (count = await ReadAsync(content, buffer, end).ConfigureAwait(false)) > 0;)
                await requests.WriteAsync(part(buffer.AsMemory(0, count))).ConfigureAwait(false);
            if (_unreadable is null)
                await requests.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception over) when (over is RpcException or InvalidOperationException or OperationCanceledException)
        {
            // The call has ended: its answers give the reason.
        }
    }

    private async Task<int> ReadAsync(Stream content, byte[] buffer, CancellationTokenSource end)
    {
        _inputIsAwaited = true;
        call.AwaitWord(false);
        try
        {
            return await content.ReadAsync(buffer).ConfigureAwait(false);
        }
        catch (IOException unreadable)
        {
            _unreadable = unreadable;
            await end.CancelAsync().ConfigureAwait(false);
            return 0;
        }
        finally
        {
            _inputIsAwaited = false;
            call.AwaitWord(true);
        }
    }
}

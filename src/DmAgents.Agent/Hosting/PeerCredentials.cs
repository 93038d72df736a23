using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using DmAgents.Agent.Services;
using DmAgents.Api.Admin.V1;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Connections.Features;

namespace DmAgents.Agent.Hosting;

/// <summary>The process at the other end of a connection, as the kernel reports it.</summary>
internal readonly record struct Peer(int ProcessId, uint User, uint Group)
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    /// <summary>SO_PEERCRED: pid, uid and gid of the process that connected (struct ucred, three 32-bit
    /// numbers).</summary>
    public static Peer Of(Socket socket)
    {
        Span<byte> ucred = stackalloc byte[12];
        socket.GetRawSocketOption(SolSocket, SoPeerCred, ucred);
        var numbers = MemoryMarshal.Cast<byte, uint>(ucred);
        return new Peer((int)numbers[0], numbers[1], numbers[2]);
    }

    /// <summary>The kernel reports only a peer's primary group; /proc has the others in its status.</summary>
    public bool IsIn(uint group)
    {
        if (Group == group)
            return true;
        try
        {
            var line = File.ReadLines($"/proc/{ProcessId}/status")
                .FirstOrDefault(l => l.StartsWith("Groups:", StringComparison.Ordinal));
            return line is not null
                && line["Groups:".Length..].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Any(
                    g => uint.TryParse(g, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id == group);
        }
        catch (IOException)
        {
            return false;
        }
    }
}

/// <summary>The agent's socket on which a connection arrived.</summary>
internal enum SocketRole
{
    Admin,
    Containerd,
}

/// <summary>Carries a connection's socket. A class: Kestrel unboxes missing features, and fails on a value
/// type.</summary>
internal sealed record SocketFeature(SocketRole Role);

/// <summary>Admits only root, and members of the admin group to the admin API, regardless of the sockets' modes. Each
/// socket has its own services.</summary>
internal sealed class PeerCheck(AdminGroup group) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, context);
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        Check(context);
        return continuation(request, responseStream, context);
    }

    private void Check(ServerCallContext context)
    {
        var features = context.GetHttpContext().Features;
        var role = features.Get<SocketFeature>()?.Role;
        var isContainerd = role == SocketRole.Containerd;
        if (role is null || isContainerd != context.Method.StartsWith("/containerd.", StringComparison.Ordinal))
            throw new RpcException(new Status(
                StatusCode.Unimplemented, $"{context.Method} is served at another socket"));
        var socket = features.Get<IConnectionSocketFeature>()?.Socket;
        if (socket is null)
            throw new InvalidOperationException("a connection without a socket");
        var peer = Peer.Of(socket);
        if (peer.User == 0 || peer.User == AdminGroup.OwnUser || (!isContainerd && group.Id is { } id && peer.IsIn(id)))
            return;
        throw Problems.Of(Problem.Types.Kind.Refused, "cannot use the agent", $"user {peer.User}",
            "only root and members of the admin group may", $"become root, or a member of group {group.Name}");
    }
}

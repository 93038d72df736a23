using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.Processes;

/// <summary>Claims as abstract Unix sockets (unix(7)): a name that one process has at a time, that needs no file, and
/// that is free again when the process ends, however it ends.</summary>
internal static class PoolClaims
{
    private const string Operation = "claim";

    /// <summary>SOL_SOCKET and SO_PEERCRED: pid, uid and gid of the process that listens (struct ucred).</summary>
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    public static KernelResult<IDisposable> Claim(PoolUuid pool)
    {
        var name = NameOf(pool);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(name);
            // Whoever wants to know whose it is connects, and is never accepted.
            socket.Listen(backlog: 1);
            return KernelResult.Found<IDisposable>(socket);
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            return refused.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? new KernelError(KernelFault.Busy, 0, Operation, $"pool {pool}", $"{HolderOf(name)} uses the pool")
                : new KernelError(
                    KernelFault.Failed, refused.NativeErrorCode, Operation, $"pool {pool}", refused.Message);
        }
    }

    private static UnixDomainSocketEndPoint NameOf(PoolUuid pool) => new($"\0dmagents/pool/{pool}");

    /// <summary>Anybody may take such a name, and an agent is always root's.</summary>
    public static string Describe(int process, uint user) => user == 0
        ? string.Create(CultureInfo.InvariantCulture, $"another agent, process {process},")
        : string.Create(CultureInfo.InvariantCulture,
            $"process {process} of the user with uid {user}, which is no agent (end it: kill {process}),");

    private static string HolderOf(UnixDomainSocketEndPoint name)
    {
        using var asking = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            Blocking = false
        };
        try
        {
            asking.Connect(name);
            Span<byte> holder = stackalloc byte[12];
            asking.GetRawSocketOption(SocketLevel, PeerCredentials, holder);
            var (process, user) = (MemoryMarshal.Read<int>(holder), MemoryMarshal.Read<uint>(holder[sizeof(int)..]));
            return Describe(process, user);
        }
        catch (SocketException)
        {
            // Its backlog is full, or it has just ended.
            return "another agent";
        }
    }
}

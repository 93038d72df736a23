using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;

namespace DmAgents.Kernel.Processes;

/// <summary>Claims as abstract Unix sockets (unix(7)). Only one process can hold such a name, it needs no file, and the
/// kernel frees it however the process ends.</summary>
internal static class PoolClaims
{
    private const string Operation = "claim";

    /// <summary>SOL_SOCKET and SO_PEERCRED: pid, uid and gid of the listening process (struct ucred).</summary>
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    public static KernelResult<IDisposable> Claim(PoolUuid pool)
    {
        var name = NameOf(pool);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(name);
            // A process that connects learns the holder's credentials; the holder never accepts.
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

    /// <summary>Any user may bind such a name, but an agent always runs as root.</summary>
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
            // The holder's backlog is full, or the holder has just ended.
            return "another agent";
        }
    }
}

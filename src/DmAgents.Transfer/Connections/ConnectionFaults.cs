using System.Net.Sockets;
using DmAgents.Transfer.Wire;

namespace DmAgents.Transfer.Connections;

/// <summary>What may happen to a stream between hosts. Everything else is a fault of the program.</summary>
internal static class ConnectionFaults
{
    /// <summary>For people; null: not a connection's fault.</summary>
    public static string? Describe(Exception exception) => exception switch
    {
        WireException or IOException or SocketException => exception.Message,
        OperationCanceledException => "the connection was given up",
        // A stream that was closed while a read or write was under way.
        ObjectDisposedException => "the connection was closed",
        _ => null,
    };
}

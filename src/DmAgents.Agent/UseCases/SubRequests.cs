using System.Security.Cryptography;
using System.Text;
using DmAgents.Domain.Pools;

namespace DmAgents.Agent.UseCases;

/// <summary>Request ids for the parts of a request that takes several: the same part of the same request has the same
/// id, so that a retry of the whole repeats nothing.</summary>
internal static class SubRequests
{
    public static RequestId Of(RequestId whole, string part) =>
        new(new Guid(SHA256.HashData(Encoding.UTF8.GetBytes($"{whole} {part}")).AsSpan(0, 16)));
}

package io.fairlead.kvstore.etcd;

import io.etcd.jetcd.api.AuthenticateRequest;
import io.etcd.jetcd.api.AuthenticateResponse;
import io.fairlead.contract.FailureKind;
import io.fairlead.kvstore.KvException;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The token etcd gives for a user and a password. One request at a time asks for it; a refusal is remembered for a second,
 * since checking a password is made to cost etcd much. Any thread may ask; all else happens on the store's thread.
 */
final class EtcdTokens {
    private static final Logger LOGGER = LoggerFactory.getLogger(EtcdTokens.class);
    private static final Metadata.Key<String> HEADER = Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);
    private static final long REFUSED_MILLIS = 1000;
    private static final Token NONE = new Token("");

    private final Optional<EtcdSecurity.Login> login;
    private final Function<AuthenticateRequest, Future<AuthenticateResponse>> authenticate;
    private final EtcdConnection connection;
    // owned by: the monitor of this; null when there is none and nobody asks for one
    private @Nullable Future<Token> current;

    EtcdTokens(
            Optional<EtcdSecurity.Login> login,
            Function<AuthenticateRequest, Future<AuthenticateResponse>> authenticate,
            EtcdConnection connection) {
        this.login = login;
        this.authenticate = authenticate;
        this.connection = connection;
    }

    /** Not a record: nobody is to see it in a text. */
    static final class Token {
        private final String text;

        private Token(String text) {
            this.text = text;
        }

        /** Etcd asked nobody when it was had. */
        boolean isNone() {
            return text.isEmpty();
        }

        /** The channel with the token on each call. */
        Channel on(Channel channel) {
            if (isNone()) {
                return channel;
            }
            Metadata headers = new Metadata();
            headers.put(HEADER, text);
            return ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(headers));
        }
    }

    /** The token there is, or a new one. */
    synchronized Future<Token> current() {
        if (login.isEmpty()) {
            return Future.succeededFuture(NONE);
        }
        Future<Token> known = current;
        if (known != null) {
            return known;
        }
        Promise<Token> promise = Promise.promise();
        Future<Token> asked = promise.future();
        current = asked;
        fetch(login.get()).onComplete(token -> promise.tryComplete(token), cause -> {
            connection.later(REFUSED_MILLIS, () -> forget(asked));
            promise.tryFail(cause);
        });
        return asked;
    }

    private Future<Token> fetch(EtcdSecurity.Login user) {
        String password;
        try {
            password = user.password().get();
        } catch (IllegalArgumentException e) {
            return Future.failedFuture(new KvException(
                    FailureKind.GIVE_UP, "authenticate as " + user.username() + ": " + e.getMessage(), e));
        }
        AuthenticateRequest request = AuthenticateRequest.newBuilder()
                .setName(user.username())
                .setPassword(password)
                .build();
        return authenticate
                .apply(request)
                .map(answer -> new Token(answer.getToken()))
                .recover(cause -> {
                    if (!Failures.isAuthOff(cause)) {
                        return Future.failedFuture(cause);
                    }
                    LOGGER.atWarn()
                            .addKeyValue("user", user.username())
                            .log("etcd asks nobody who they are: authentication is not enabled");
                    return Future.succeededFuture(NONE);
                });
    }

    /** This token is not good any more; another one that was had meanwhile stays. */
    synchronized void refused(Token token) {
        Future<Token> known = current;
        if (known != null && known.succeeded() && known.result().equals(token)) {
            current = null;
        }
    }

    /** Whatever token there is may not be good any more. */
    synchronized void drop() {
        Future<Token> known = current;
        if (known != null && known.succeeded()) {
            current = null;
        }
    }

    private synchronized void forget(Future<Token> failed) {
        if (failed.equals(current)) {
            current = null;
        }
    }
}

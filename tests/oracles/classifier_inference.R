# Reference values of R for tests/classification/test_inference_of_r.py; writes classifier_inference.json beside it.
#
#   Rscript tests/oracles/classifier_inference.R
#
# Made with R 4.2.2, nnet 7.3-18, MASS 7.3-58, brglm2 0.9 and jsonlite 1.8. The data come with brglm2: endometrial
# (Heinze and Schemper 2002), lizards (Schoener 1970) and alligators (Agresti 2002).
suppressMessages({library(nnet); library(MASS); library(brglm2); library(jsonlite)})
tight <- glm.control(epsilon = 1e-15, maxit = 200)
data(lizards); data(endometrial); data(alligators)

# --- lizards: a binomial model with a maximum --------------------------------------------------------------------------
model <- glm(cbind(grahami, opalinus) ~ height + diameter + light + time, binomial, lizards, control = tight)
design <- model.matrix(model)
counts <- cbind(lizards$grahami, lizards$opalinus)
target <- deviance(model) + qchisq(.95, 1)
profile_end <- function(j, sign) {  # the root of the profile deviance itself; confint interpolates it by a spline
  at <- function(b) {
    fit <- glm.fit(design[, -j, drop = FALSE], counts, family = binomial(), offset = b * design[, j], control = tight)
    deviance(fit) - target
  }
  b <- coef(model)[[j]]; se <- sqrt(vcov(model)[j, j])
  uniroot(at, sort(c(b, b + sign * 6 * se)), tol = 1e-13)$root
}
exact <- t(sapply(seq_along(coef(model)), function(j) c(profile_end(j, -1), profile_end(j, 1))))
interpolated <- suppressMessages(confint(model))
predicted <- predict(model, se.fit = TRUE)

# --- alligators: five categories ---------------------------------------------------------------------------------------
many <- multinom(foodchoice ~ lake + gender + size, alligators, weights = freq, Hess = TRUE, reltol = 1e-18, abstol = 1e-18,
                 maxit = 10000, trace = FALSE)
reduced <- brmultinom(foodchoice ~ lake + gender + size, alligators, weights = freq, type = "AS_mean", ref = 1,
                      epsilon = 1e-12, maxit = 1000)

# --- endometrial: quasi-complete separation by NV ----------------------------------------------------------------------
firth <- glm(HG ~ NV + PI + EH, binomial, endometrial, method = "brglmFit", type = "AS_mean", epsilon = 1e-14, maxit = 1000)

result <- list(
  versions = list(R = R.version.string, nnet = as.character(packageVersion("nnet")),
                  brglm2 = as.character(packageVersion("brglm2"))),
  lizards = list(
    data = lizards, names = names(coef(model)), coef = unname(coef(model)), vcov = unname(vcov(model)),
    logLik = as.numeric(logLik(model)), profile = exact, confint = unname(interpolated),
    logit = unname(predicted$fit), se_logit = unname(predicted$se.fit)),
  alligators = list(
    data = alligators, categories = many$lev, columns = colnames(coef(many)), coef = unname(coef(many)),
    vcov = unname(vcov(many)), logLik = as.numeric(logLik(many)), aic = AIC(many),
    firth = unname(coef(reduced)), firth_se = unname(matrix(sqrt(diag(vcov(reduced))), nrow = 4, byrow = TRUE))),
  endometrial = list(data = endometrial, coef = unname(coef(firth)), se = unname(sqrt(diag(vcov(firth))))))
write_json(result, "tests/oracles/classifier_inference.json", digits = NA, auto_unbox = TRUE, dataframe = "columns")
